"""The carrier's REST API over what exists in the exchange; shapes follow the official API description word for word."""
