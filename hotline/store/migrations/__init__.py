"""The way from any older database to today's tables; run by `hotline.store.schema.migrate`."""
