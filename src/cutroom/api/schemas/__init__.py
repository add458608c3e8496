"""What goes over the wire: requests that are checked, and the answers' shapes for OpenAPI.

Instants are integer microseconds since the epoch; frame rates and exact seconds are text such as "30000/1001".
"""
