"""What the benchmark of protection needs: examples, voices that speak them, scores."""
