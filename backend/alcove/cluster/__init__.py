"""Connect the processes that share one log: messages, recovery of missed entries, presence of remote members."""
