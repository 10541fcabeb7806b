import Glibc
import Testing

@testable import UVLoop

/// Datagrams between UVLoop and Python's sockets.
@Suite(.timeLimit(.minutes(1)))
struct DatagramInteroperationTests {
    /// What a Python program prints; nil if there is no Python, or the program fails.
    private static func python(_ program: String) -> String? {
        guard let pipe = popen("python3 -c '\(program)' 2>/dev/null", "re") else { return nil }
        var text: [UInt8] = []
        while case let byte = fgetc(pipe), byte != EOF { text.append(UInt8(byte)) }
        return pclose(pipe) == 0 ? String(decoding: text, as: UTF8.self) : nil
    }

    @Test(.enabled(if: python("print(1)") == "1\n"))
    func pythonAsksAndHearsTheAnswers() async throws {
        try await onLoop { loop in
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            let port = socket.localAddress.port
            let serving = loop.spawn { _ in
                for try await datagram in socket {
                    try await socket.send(datagram.bytes.reversed() as [UInt8], to: datagram.sender)
                }
            }
            let printed = try await offThread {
                Self.python(
                    """
                    import socket
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.settimeout(50)
                    s.connect(("127.0.0.1", \(port)))
                    for sent in [b"abc", b"", bytes(range(256)) * 255, b"x"]:
                        s.send(sent)
                        print(s.recv(70000) == sent[::-1])
                    """)
            }
            #expect(printed == "True\nTrue\nTrue\nTrue\n")
            try await socket.close()
            try await serving.value
        }
    }
}
