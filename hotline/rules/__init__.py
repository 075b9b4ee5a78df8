"""The trade's rules: pure functions and tables. They take the moment (`at`) and never read a clock, a row or a setting."""
