"""What joins the processes that share one log: messages, recovery of missed entries, presence."""
