"""Programs behind `make`: installation, generated documents, migrations, benchmarks, child processes."""
