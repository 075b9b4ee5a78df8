"""Failures that wait for a person: deliveries, periodic jobs, escalations."""
