import Dispatch
import Glibc

let dontWait = Int32(MSG_DONTWAIT)

/// A connection that drops what comes; other modes override that.
class Connection {
    /// Other connections get their turn after so many reads.
    private static let readsPerEvent = 16

    let descriptor: Int32
    /// Unowned and unchecked: the server lives as long as the process.
    unowned(unsafe) let server: Server
    private let reading: any DispatchSourceRead
    /// Made when the socket first takes less than it is given.
    private var writing: (any DispatchSourceWrite)?
    private var isWaiting = false
    private var unsent: [UInt8] = []
    private var isClosed = false

    init(_ descriptor: Int32, _ server: Server) {
        self.descriptor = descriptor
        self.server = server
        reading = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: server.queue)
        // The source holds the connection until it is cancelled.
        reading.setEventHandler { self.readAll() }
        reading.activate()
    }

    // MARK: What modes are made of

    /// Where the next bytes are read to.
    var space: UnsafeMutableRawBufferPointer { server.shared }

    func received(_ count: Int) {}

    /// The socket takes bytes again.
    func writable() {}

    // MARK: Reading

    private func readAll() {
        for _ in 0..<Self.readsPerEvent {
            let space = space
            // The flag saves the call that would make each descriptor a non-blocking one.
            let count = recv(descriptor, space.baseAddress, space.count, dontWait)
            if count > 0 {
                received(count)
                // A short read has emptied the socket.
                if count < space.count || isClosed || !unsent.isEmpty { return }
            } else if count == 0 {
                // Nothing is unsent: nothing is read until then.
                return close()
            } else if errno != EAGAIN && errno != EINTR {
                return close()
            } else {
                return
            }
        }
    }

    // MARK: Writing

    /// Sends what the socket takes; the rest is copied, and nothing is read until it is sent.
    func send(_ bytes: UnsafeRawBufferPointer) {
        guard !isClosed else { return }
        var sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, dontWait)
        if sent == bytes.count { return }
        if sent < 0 {
            guard errno == EAGAIN || errno == EINTR else { return close() }
            sent = 0
        }
        unsent = [UInt8](bytes[sent..<bytes.count])
        reading.suspend()
        awaitWritable()
    }

    /// From now on ``writable()`` is called, until it is not wanted any more.
    func awaitWritable() {
        guard !isWaiting else { return }
        isWaiting = true
        if let writing { return writing.resume() }
        let source = DispatchSource.makeWriteSource(
            fileDescriptor: descriptor, queue: server.queue)
        source.setEventHandler { self.socketTakesBytes() }
        source.activate()
        writing = source
    }

    private func socketTakesBytes() {
        guard !isClosed else { return }
        guard !unsent.isEmpty else { return writable() }
        let sent = unsent.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, dontWait)
        }
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else {
            unsent = []
            return close()
        }
        unsent.removeFirst(max(0, sent))
        guard unsent.isEmpty else { return }
        isWaiting = false
        writing?.suspend()
        reading.resume()
    }

    // MARK: The end

    func close() {
        guard !isClosed else { return }
        isClosed = true
        // A source that is suspended would never say that it has been cancelled.
        if !unsent.isEmpty { reading.resume() }
        if let writing, !isWaiting { writing.resume() }
        let descriptor = descriptor
        let reading = reading
        guard let writing else {
            reading.setCancelHandler { Glibc.close(descriptor) }
            reading.cancel()
            return server.forget(self)
        }
        // The descriptor may not be used again before both are done with it.
        writing.setCancelHandler {
            reading.setCancelHandler { Glibc.close(descriptor) }
            reading.cancel()
        }
        writing.cancel()
        server.forget(self)
    }
}
