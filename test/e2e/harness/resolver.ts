/** A name server in Python, at its first argument's port 53: every name has the address 192.0.2.7. */
export const RESOLVER = String.raw`
import socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
while True:
    m, who = s.recvfrom(600)
    end = 12
    while m[end]: end += m[end] + 1
    a = m[end + 2] == 1
    answer = b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7' if a else b''
    s.sendto(m[:2] + b'\x81\x80\0\1' + bytes([0, a, 0, 0, 0, 0]) + m[12:end + 5] + answer, who)
`;
