"""The city's own data: its kinds and schemas, the folder of its texts, and the version in force in this process."""
