"""Observe one process: log output, Prometheus metrics, OpenTelemetry traces."""
