"""A simulator of Twilio Programmable Voice on one machine; it imports nothing else of this project (see README.md)."""
