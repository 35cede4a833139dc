"""The API, version 1: what the pages show and take, for programs. OpenAPI describes it at ``/api/v1/openapi.json``."""
