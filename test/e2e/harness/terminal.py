"""A command in a new pseudo-terminal: terminal.py ROWS COLS COMMAND...

What the terminal shows goes to standard output. Standard input takes one JSON object a line:
{"send": "text"}, {"resize": [rows, cols]}, {"signal": 15} (to the command); its end hangs the terminal up.
Ends as the command ended.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios


def resize(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(cols), 0, 0))


def main():
    rows, cols, argv = sys.argv[1], sys.argv[2], sys.argv[3:]
    begin, go = os.pipe()
    pid, fd = pty.fork()
    if pid == 0:
        os.read(begin, 1)  # the size is set before the command can ask for it
        os.close(begin), os.close(go)
        try:
            os.execvp(argv[0], argv)
        finally:
            os._exit(127)
    resize(fd, rows, cols)
    os.write(go, b"x")
    os.close(begin), os.close(go)
    pending, watched = b"", [0, fd]
    while fd in watched:
        for ready in select.select(watched, [], [])[0]:
            try:
                data = os.read(ready, 65536)
            except OSError:  # EIO: nobody has the terminal open any more
                data = b""
            if ready == fd:
                if data:
                    os.write(1, data)
                else:
                    watched.remove(fd)
                continue
            if not data:
                watched.remove(0)
                os.close(fd)
                watched.remove(fd)
                break
            pending += data
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                order = json.loads(line)
                if "send" in order:
                    os.write(fd, order["send"].encode())
                if "resize" in order:
                    resize(fd, *order["resize"])
                if "signal" in order:
                    os.kill(pid, order["signal"])
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    sys.exit(os.WEXITSTATUS(status))


main()
