"""The load node as an OCI image."""
