"""Runs a program of Python under a resolver that answers from a file, and ends with whoever holds its standard input.

Usage: resolved.py <the file: names and their addresses, in JSON> <the program> [its words]"""

import json
import os
import runpy
import socket
import sys
import threading

of_the_system = socket.getaddrinfo


def getaddrinfo(host, *rest, **named):
    with open(file) as names:
        known = json.load(names)
    if host not in known:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return of_the_system(known[host], *rest, **named)


def end_with_input():
    while os.read(0, 4_096):
        pass
    os._exit(0)


socket.getaddrinfo = getaddrinfo
threading.Thread(target=end_with_input, daemon=True).start()
_, file, *sys.argv = sys.argv
runpy.run_path(sys.argv[0], run_name="__main__")
