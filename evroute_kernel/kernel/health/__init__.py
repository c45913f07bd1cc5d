"""What `evroute doctor` looks at: each module gives checks, each check what was found and what to do."""
