"""Call a server from an application in Python that stands beside it, with the methods of the library."""
