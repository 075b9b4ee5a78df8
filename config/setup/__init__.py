"""What `make` runs before there is anything to run: checks, assets, a new migration, the embedded Redis, the demo city."""
