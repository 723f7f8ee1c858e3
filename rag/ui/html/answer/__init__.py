"""The chat: transcript, stage bar, checks, examples."""
