"""The pages of requests: asking, where one stands, and the desk that answers."""
