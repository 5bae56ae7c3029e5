"""The other side of a real pty, as xenconsoled holds it: writes to the master what comes on stdin, prints what it reads from it."""
import os, pty, select, sys, tty

master, slave = pty.openpty()
tty.setraw(slave)
os.write(1, (os.ttyname(slave) + "\n").encode())
while True:
    readable, _, _ = select.select([0, master], [], [])
    if master in readable:
        os.write(1, os.read(master, 4096))
    if 0 in readable:
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        while data:
            data = data[os.write(master, data):]
