"""The one exception of this package: something the operator has to read."""


class SchemaError(Exception):
    """A refusal or a failure, told in full.

    Args:
        message: what happened, where, and what to do about it.
        facts: what the module returns beside the message, for instance what was applied so far.

    """

    def __init__(self, message: str, **facts: object) -> None:
        """Keep the message for the result."""
        super().__init__(message)
        self.message = message
        self.facts = facts
