"""Deployment: the files that docker-compose.yml mounts, and the same cluster on one machine without Docker."""
