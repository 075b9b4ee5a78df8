"""People: accounts as their administrator sees them, and one's own profile."""
