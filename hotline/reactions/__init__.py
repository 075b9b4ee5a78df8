"""Reactions: the work that follows an event, carried out by a worker after the commit."""
