// The operator desk.
