import Glibc

/// A connection that drops what comes; other modes override that.
class Connection {
    /// Other connections get their turn after so many reads.
    private static let readsPerEvent = 16
    /// With this, nobody has to make each descriptor a non-blocking one.
    private static let dontWait = Int32(MSG_DONTWAIT)

    let descriptor: Int32
    /// Unowned and unchecked: the server lives as long as the process.
    unowned(unsafe) let server: Server
    private var watch: (any Watching)?
    private var unsent: [UInt8] = []

    init(_ descriptor: Int32, _ server: Server) {
        self.descriptor = descriptor
        self.server = server
    }

    func open() { watch = server.platform.watch(self) }

    func close() {
        watch?.close()
        watch = nil
        server.forget(self)
    }

    private var isClosed: Bool { watch == nil }

    // MARK: What modes are made of

    /// Where the next bytes are read to.
    var space: UnsafeMutableRawBufferPointer { server.shared }

    func received(_ count: Int) {}

    /// The socket takes bytes, and nothing is unsent.
    func writable() { watch?.stopWriting() }

    // MARK: Reading

    func socketIsReadable() {
        for _ in 0..<Self.readsPerEvent {
            // While something is unsent, nothing is read.
            guard !isClosed, unsent.isEmpty else { return }
            let space = space
            let count = recv(descriptor, space.baseAddress, space.count, Self.dontWait)
            guard count > 0 else {
                if count == 0 || errno != EAGAIN && errno != EINTR { close() }
                return
            }
            received(count)
            // A short read has emptied the socket.
            if count < space.count { return }
        }
    }

    // MARK: Writing

    /// Sends what the socket takes; the rest is copied, and nothing is read until it is sent.
    func send(_ bytes: UnsafeRawBufferPointer) {
        guard !isClosed else { return }
        var sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Self.dontWait)
        if sent == bytes.count { return }
        if sent < 0 {
            guard errno == EAGAIN || errno == EINTR else { return close() }
            sent = 0
        }
        unsent = [UInt8](bytes[sent..<bytes.count])
        watch?.pauseReading()
        watch?.startWriting()
    }

    /// Sends what the socket takes of the parts, and asks for ``writable()`` when it takes more.
    func send(_ parts: UnsafeMutableBufferPointer<iovec>) {
        guard !isClosed else { return }
        var message = msghdr()
        message.msg_iov = parts.baseAddress
        message.msg_iovlen = parts.count
        let sent = sendmsg(descriptor, &message, Self.dontWait)
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else { return close() }
        watch?.startWriting()
    }

    func socketIsWritable() {
        guard !isClosed else { return }
        guard !unsent.isEmpty else { return writable() }
        let sent = unsent.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Self.dontWait)
        }
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else { return close() }
        unsent.removeFirst(max(0, sent))
        guard unsent.isEmpty else { return watch!.startWriting() }
        watch?.stopWriting()
        watch?.resumeReading()
    }
}
