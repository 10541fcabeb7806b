import Dispatch
import Glibc

/// Dispatch sources, all on one serial queue.
///
/// Sendable without the compiler's check, as is everything that the sources' handlers refer to: it
/// is used on the queue only, and before the first source begins.
final class DispatchPlatform: Platform, @unchecked Sendable {
    private let queue = DispatchQueue(label: "server")
    private var listener: (any DispatchSourceRead)?

    func watch(_ connection: Connection) -> any Watching {
        SourceWatch(connection, queue)
    }

    func watchListener(_ descriptor: Int32, _ body: @escaping () -> Void) {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler(handler: body)
        source.activate()
        listener = source
    }

    func runUntilSignal(_ end: @escaping () -> Void) {
        awaitSignal()
        queue.sync {
            listener?.cancel()
            end()
        }
    }
}

/// A source for each direction; that for writing is made when it is first wanted.
private final class SourceWatch: Watching {
    private let descriptor: Int32
    private let queue: DispatchQueue
    private let reading: any DispatchSourceRead
    private var writing: (any DispatchSourceWrite)?
    private let writable: () -> Void
    private var isReading = true
    private var isWriting = false

    init(_ connection: Connection, _ queue: DispatchQueue) {
        descriptor = connection.descriptor
        self.queue = queue
        writable = { connection.socketIsWritable() }
        reading = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        // The source holds the connection until it is cancelled.
        reading.setEventHandler { connection.socketIsReadable() }
        reading.activate()
    }

    func pauseReading() {
        guard isReading else { return }
        isReading = false
        reading.suspend()
    }

    func resumeReading() {
        guard !isReading else { return }
        isReading = true
        reading.resume()
    }

    func startWriting() {
        guard !isWriting else { return }
        isWriting = true
        if let writing { return writing.resume() }
        let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler(handler: writable)
        source.activate()
        writing = source
    }

    func stopWriting() {
        guard isWriting else { return }
        isWriting = false
        writing?.suspend()
    }

    func close() {
        let (descriptor, reading) = (descriptor, reading)
        // A source that is suspended would never say that it has been cancelled.
        resumeReading()
        guard let writing else {
            reading.setCancelHandler { Glibc.close(descriptor) }
            return reading.cancel()
        }
        startWriting()
        // The descriptor may not be used again before both are done with it.
        writing.setCancelHandler {
            reading.setCancelHandler { Glibc.close(descriptor) }
            reading.cancel()
        }
        writing.cancel()
    }
}
