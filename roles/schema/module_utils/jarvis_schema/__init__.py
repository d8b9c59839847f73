"""The migration engine behind the module postgres_migrations."""
