import CUV
import Glibc

@testable import UVLoop

/// A listener whose queue is full: whoever connects now waits.
struct FullListener {
    let listener: RawSocket
    private let clients: [Int32]

    init(_ address: SocketAddress = .anyPortIPv4) throws {
        listener = try RawSocket.listener(address, backlog: 0)
        let target = listener.localAddress
        clients = (0..<8).map { _ in
            let descriptor = cuv_stream_socket(target.systemFamily)
            _ = target.withSockaddr { connect(descriptor, $0, $1) }
            return descriptor
        }
    }

    var address: SocketAddress { listener.localAddress }

    /// Lets those who wait in: the system does when they ask again, after a second or so.
    func makeRoom() throws { try listener.startListening() }

    /// Those who wait are refused, when they ask again.
    func close() {
        for client in clients { cuv_close(client) }
        listener.close()
    }
}

extension EventLoop {
    /// Connects to several addresses as if a name had them.
    @discardableResult
    nonisolated func race(
        _ recorder: PlainRecorder, to addresses: [SocketAddress], from local: SocketAddress? = nil,
        timeout: Duration? = nil, delay: Duration? = .milliseconds(10),
        completion: @escaping ConnectAttempt.Completion
    ) -> ConnectAttempt {
        var options = ConnectOptions()
        options.attemptDelay = delay
        return ConnectAttempt(
            self, to: .host("several.test", port: 80), from: local, timeout: timeout,
            options: options, ProtocolReference(recorder),
            madeAt: SourcePlace(file: #fileID, line: #line), target: { _ in .addresses(addresses) },
            completion)
    }

    /// How many sockets are on their way.
    nonisolated var connectingCount: Int {
        var count = 0
        core.forEachHandleObject { if $0 is ConnectingSocket { count += 1 } }
        return count
    }
}

extension RawSocket {
    /// Whether a connection waits to be accepted.
    var isAskedFor: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) == 1
    }
}
