"""The text of a Redis configuration file."""

from __future__ import annotations


def redis_value(value):
    """Return a setting's value as Redis writes it: yes and no for booleans, "" for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if str(value).strip() else '""'


def redis_conf(settings):
    """Return C(settings) {name: value} as lines of a Redis configuration file, sorted by name."""
    return "\n".join(f"{name} {redis_value(settings[name])}" for name in sorted(settings))


class FilterModule:
    """Filters of the redis role."""

    def filters(self):
        """Return the filters by name."""
        return {"redis_conf": redis_conf, "redis_value": redis_value}
