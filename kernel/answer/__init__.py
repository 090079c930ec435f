"""The one way from a question to an answer: route -> search -> evidence -> prompt -> check -> citations."""
