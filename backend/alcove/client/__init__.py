"""Call an Alcove server from an application in Python, with the methods of the library."""
