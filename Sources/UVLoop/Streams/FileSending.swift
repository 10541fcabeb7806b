import CUV

/// A file on its way to a stream's socket: the descriptors, and what is asked of the thread pool,
/// one thing at a time. Belongs to the loop's thread.
///
/// The pool must never touch a descriptor that has been closed, and whose number may be somebody
/// else's by then. So both are this object's own: duplicates of the stream's, and of one that the
/// caller handed in. They are closed when nobody refers to this any more, and a request that is
/// under way does. A connection lasts until its last descriptor is closed, so a transport that
/// closes meanwhile lets this ``shutDown()``.
///
/// `uv_fs_sendfile` is of no use here: to a socket it does not send, but copies in small pieces
/// (libuv 1.44), and keeps a thread of the pool for as long as the socket is full.
final class FileSending {
    /// The most that is asked of the pool at once: it cannot be stopped in the middle.
    static let mostSent = 1_048_576
    /// The same, where the bytes pass through memory.
    static let mostRead = 65_536

    private let transport: Transport
    private var loop: EventLoop { transport.loop }
    /// Where the sender waits.
    private let room: WaitingRoom
    private let socket: Int32
    private var file: Int32 = -1
    private var socketWatch: ReadinessWatch?
    private var fileWatch: ReadinessWatch?
    /// For bytes that have to be read; made when some have.
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// What the pool answered last.
    private(set) var answer = Result<Int, UVError>.success(0)
    var isAtWork: Bool { takeBack != nil }
    private var takeBack: (() -> Bool)?
    /// How many bytes the socket has taken, or the transport instead of it.
    private(set) var sentCount = 0
    private(set) var kind = Kind.regular(size: 0)

    enum Kind: Equatable {
        /// Its size may be 0 also because nobody knows it, as that of files in /proc.
        case regular(size: Int)
        case device
        /// A pipe or the like: bytes come when they come, and have no offset.
        case flowing
        case directory
    }

    /// - Throws: ``UVError/tooManyOpenFiles``.
    init(_ transport: Transport, waking room: WaitingRoom) throws(UVError) {
        self.transport = transport
        self.room = room
        socket = try UVError.check(cuv_duplicate(try transport.fileDescriptor))
    }

    deinit {
        // First, so that libuv lets go of the descriptors.
        socketWatch?.close()
        fileWatch?.close()
        cuv_close(socket)
        memory.deallocate()
        closeFile()
    }

    /// In the pool: a network's file system may take its time for that.
    private func closeFile() {
        guard file >= 0 else { return }
        do throws(UVError) {
            let file = file
            try FileRequest.start(loop) {
                uv_fs_close($0, $1, file, $2)
            } _: { _, _ in
            }
        } catch {
            cuv_close(file)
        }
    }

    // MARK: The thread pool

    /// Begins something that ``answer`` will tell the result of. What is begun holds this object.
    private func begin(
        _ start: (@escaping (Result<Int, UVError>) -> Void) throws(UVError) -> () -> Bool
    ) throws(UVError) {
        takeBack = try start { [self] answer in
            takeBack = nil
            transport.extras?.fileSending = nil
            self.answer = answer
            room.wake(loop.core)
        }
        transport.neededExtras.fileSending = self
    }

    private func beginOnFile(
        _ operation: FileRequest.Operation,
        _ look: @escaping (Result<Int, UVError>, UnsafeMutablePointer<uv_fs_t>) -> Void = { _, _ in
        }
    ) throws(UVError) {
        try begin { done throws(UVError) in
            let request = try FileRequest.start(loop, operation) { result, request in
                look(result, request)
                done(result)
            }
            return request.cancel
        }
    }

    /// Opens a file. Binds `uv_fs_open`.
    func open(_ path: String) throws(UVError) {
        try beginOnFile {
            uv_fs_open($0, $1, path, cuv_open_to_read, 0, $2)
        } _: { [self] result, _ in
            if case .success(let descriptor) = result { file = Int32(descriptor) }
        }
    }

    /// Takes a duplicate of a descriptor.
    ///
    /// - Throws: ``UVError/badFileDescriptor``, also for one that cannot be read: to wait for what
    ///   comes out of the writing end of a pipe would last for ever.
    func adopt(_ descriptor: Int32) throws(UVError) {
        let mode = try UVError.check(cuv_access_mode(descriptor))
        guard mode != O_WRONLY else { throw .badFileDescriptor }
        file = try UVError.check(cuv_duplicate(descriptor))
    }

    /// Finds out the ``kind``. Binds `uv_fs_fstat`.
    func inspect() throws(UVError) {
        try beginOnFile { [file] in
            uv_fs_fstat($0, $1, file, $2)
        } _: { [self] result, request in
            if case .success = result { kind = Kind(request.pointee.statbuf) }
        }
    }

    /// The position at which the file would be read; 0 if it has none.
    var position: Int { Swift.max(0, Int(cuv_position(file))) }

    /// Sends a piece of a file: the socket, the file, the offset or -1, how many bytes at most.
    typealias SystemCall = @Sendable (Int32, Int32, Int64, Int) -> Int

    /// Sends bytes straight from the file; ``sentCount`` counts them, and so does the transport.
    /// Binds `uv_queue_work`.
    ///
    /// - Parameter offset: nil for the file's own position.
    func send(
        _ count: Int, from offset: Int?, by call: @escaping SystemCall = cuv_send_file
    ) throws(UVError) {
        try begin { [file, socket] done throws(UVError) in
            let request = try WorkRequest.start(loop) {
                call(socket, file, Int64(offset ?? -1), count)
            } _: { [self] answer in
                // Also after the sender has been cut off: these bytes have gone.
                if case .success(let count) = answer {
                    sentCount += count
                    transport.sentByteCount += count
                }
                done(answer)
            }
            return request.cancel
        }
    }

    /// Reads bytes, which ``withBytes(_:_:)`` lends then. Binds `uv_fs_read`.
    ///
    /// - Parameter offset: nil for the file's own position.
    func read(_ count: Int, from offset: Int?) throws(UVError) {
        if memory.count == 0 { memory = .allocate(byteCount: Self.mostRead, alignment: 16) }
        var buffer = uv_buf_t(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        try beginOnFile { [file] in
            uv_fs_read($0, $1, file, &buffer, 1, Int64(offset ?? -1), $2)
        }
    }

    /// Lends bytes that were read, to be given to the transport, and counts them as sent.
    func withBytes<R>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        sentCount += count
        return try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    // MARK: Readiness

    var isSocketReady: Bool { socketWatch?.isReady ?? true }
    var isFileReady: Bool { fileWatch?.isReady ?? true }

    /// Begins to wait until the socket takes more.
    func watchSocket() throws(UVError) {
        if socketWatch == nil { socketWatch = try ReadinessWatch(loop, socket, waking: room) }
        socketWatch?.start(UV_WRITABLE)
    }

    /// Begins to wait until the file has bytes; not for one that has them always.
    func watchFile() throws(UVError) {
        guard kind == .flowing else { return }
        do throws(UVError) {
            if fileWatch == nil { fileWatch = try ReadinessWatch(loop, file, waking: room) }
        } catch .notPermitted {
            return
        }
        fileWatch?.start(UV_READABLE)
    }

    /// Whether sending failed because of the connection, as against the file.
    func isConnectionOver(_ error: UVError) -> Bool {
        error == .brokenPipe || cuv_is_hung_up(socket)
    }

    // MARK: Ending

    /// Takes back what is under way, if that is possible.
    func abandon() { _ = takeBack?() }

    /// Lets the peer see the end at once, not when a slow disk has answered, and the pool send
    /// nothing more. A pipe knows no such thing.
    func shutDown() { cuv_shut_down(socket) }
}

extension FileSending.Kind {
    fileprivate init(_ found: uv_stat_t) {
        if cuv_is_directory(found.st_mode) {
            self = .directory
        } else if cuv_is_regular_file(found.st_mode) {
            self = .regular(size: Int(clamping: found.st_size))
        } else {
            self = cuv_is_block_device(found.st_mode) ? .device : .flowing
        }
    }
}
