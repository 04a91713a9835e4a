"""Deployments: what docker-compose.yml mounts, and the same shape on one machine without Docker."""
