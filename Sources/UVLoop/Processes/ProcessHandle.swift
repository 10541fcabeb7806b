import CUV

/// A child process, in callback form: the loop-bound owner of it. ``ChildProcess`` is the form for
/// tasks.
///
/// ```swift
/// var options = ProcessOptions("sort", "names.txt")
/// options.standardOutput = .pipe
/// let process = try loop.spawnProcess(options) { status in print("sort \(status)") }
/// try process.openPipe(1, Collector())
/// ```
///
/// **The end.** The closure hears of the end once, when the process has ended *and* what it wrote
/// to pipes has been delivered: after the `connectionLost` of the transports of its standard output
/// and standard error. A pipe that another process has got from the child, such as a server that it
/// has left behind, keeps that waiting; ``exitStatus`` is there before. The system tells a status
/// once: if other code has asked for that of any child, as `wait` does, this one is 255.
///
/// **Without the handle.** The loop holds it until then. ``close()``, and the loop's own closing,
/// let go of a process that still runs: it goes on, nobody hears of its end, and the system forgets
/// it at its end all the same.
///
/// Binds `uv_process_t`; on Linux mostly `uv_poll_t`, for a process that was started without
/// `fork`.
public final class ProcessHandle: Handle {
    typealias ExitAction = (ProcessExitStatus) throws -> Void

    /// One of the child's outputs that go through a pipe.
    private struct Output {
        /// The number of its descriptor.
        let number: Int
        let transport: Transport
        /// If it is a stream's.
        let stream: StreamCore?
    }

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.

    /// The program, as it was named.
    public let program: String
    /// The number of the process. Binds `uv_process_get_pid`.
    @exclusivity(unchecked) public private(set) var processID: Int32 = 0
    /// How the process has ended; nil while it runs. Known before the closure hears of it.
    @exclusivity(unchecked) public private(set) var exitStatus: ProcessExitStatus?
    private let isDetached: Bool
    /// That of the process, if the loop polls it; -1 if libuv watches the process.
    @exclusivity(unchecked) private(set) var descriptor: Int32 = -1
    /// How often the process had been forked when it started this one, which is its child alone.
    private let forks = Forks.count.pointee
    /// Whether a process that still runs is ended with the loop.
    @exclusivity(unchecked) var endsWithLoop = false

    private let place: SourcePlace
    @exclusivity(unchecked) private var pipes: ProcessPipes
    /// The outputs whose end is to come first.
    @exclusivity(unchecked) private var outputs: [Output] = []
    @exclusivity(unchecked) private var onExit: ExitAction?
    @exclusivity(unchecked) private var isReported = false
    /// Tasks that wait for the end of the process, and for the end after that of its output.
    @exclusivity(unchecked) private var ended: WaiterList?
    @exclusivity(unchecked) private var reported: WaiterList?
    /// What waits for the end of the process and cannot be cancelled.
    @exclusivity(unchecked) private var endActions: [() -> Void] = []

    /// Starts the program.
    init(
        _ loop: EventLoop, _ options: ProcessOptions, _ place: SourcePlace,
        _ onExit: ExitAction? = nil
    ) throws(ProcessError) {
        loop.preconditionOnThread("spawnProcess")
        var pipes: ProcessPipes
        do throws(UVError) {
            try options.check()
            pipes = try ProcessPipes(options.descriptors)
        } catch {
            throw options.error(error)
        }
        program = options.program
        isDetached = options.isDetached
        self.place = place
        self.pipes = pipes
        self.onExit = onExit
        var start = ProcessStart()
        do throws(UVError) {
            try super.init(loop, cuv_process_t.self, madeAt: place) { uv, memory in
                options.withC(childSide: pipes.childSide, onExit: Self.exited) {
                    start.begin(uv, memory, $0)
                }
            }
        } catch {
            pipes.closeAll()
            throw options.error(error)
        }
        self.pipes.closeLent()
        if let error = start.error {
            self.pipes.closeOwn()
            throw options.error(error)
        }
        processID = start.processID
        descriptor = start.descriptor
        holdByLoop()
        if descriptor >= 0 { watch() }
    }

    override var reportName: String { "process \(processID), \(program)" }

    // MARK: Pipes

    /// Opens this process's end of one of the child's pipes or sockets. What the child has written
    /// until then waits.
    ///
    /// - Parameters:
    ///   - number: the descriptor's number in the child: 0 for standard input, 1 for standard
    ///     output, 2 for standard error, and from 3 on the extra ones.
    ///   - newProtocol: hears of what comes; it has heard `connectionMade` when this returns.
    /// - Throws: ``UVError/badFileDescriptor`` if that is no pipe, has been opened, or the end has
    ///   been reported.
    @discardableResult
    public func openPipe(
        _ number: Int, _ newProtocol: some PlainProtocol
    ) throws(UVError) -> Transport {
        try open(number, ProtocolReference(newProtocol))
    }

    /// Opens one of the pipes with a buffered protocol; as the form for plain ones.
    @discardableResult
    public func openPipe(
        _ number: Int, _ newProtocol: some BufferedProtocol
    ) throws(UVError) -> Transport {
        try open(number, ProtocolReference(newProtocol))
    }

    /// Opens one of the pipes as a stream; nil if that is no pipe.
    func openStream(_ number: Int) throws(UVError) -> SocketStream? {
        guard pipes.hasOwnSide(number) else { return nil }
        let core = StreamCore(on: loop.core)
        let reference = ProtocolReference(entry: loop.core.streamEntry, object: core)
        return SocketStream(core, try open(number, reference, core))
    }

    private func open(
        _ number: Int, _ reference: ProtocolReference, _ stream: StreamCore? = nil
    ) throws(UVError) -> Transport {
        loop.assertOnThread()
        guard isOpen, let descriptor = pipes.take(number) else { throw .badFileDescriptor }
        let transport: Transport
        do throws(UVError) {
            transport = try loop.adopt(descriptor, reference, place)
        } catch {
            cuv_close(descriptor)
            throw error
        }
        if number == STDOUT_FILENO || number == STDERR_FILENO, !transport.state.hasReadEnd {
            outputs.append(Output(number: number, transport: transport, stream: stream))
            transport.neededExtras.whenStill = { self.outputIsStill(number) }
        }
        return transport
    }

    /// An output has ended, or its bytes wait for somebody who takes them.
    private func outputIsStill(_ number: Int) {
        outputs.removeAll { $0.number == number && $0.transport.state.phase == .closed }
        reportIfDone()
    }

    // MARK: The end

    private static let exited: uv_exit_cb = { handle, code, signal in
        guard let data = handle!.pointee.data else { return }
        from(data).exited(Int32(truncatingIfNeeded: code), signal)
    }

    /// Waits for the descriptor of the process.
    private func watch() {
        uv_poll_start(memory(as: uv_poll_t.self), Int32(UV_READABLE.rawValue)) { handle, _, _ in
            ProcessHandle.from(handle!.pointee.data).takeStatus()
        }
    }

    private func takeStatus() {
        var (code, signal): (Int32, Int32) = (0, 0)
        let result = cuv_take_status(processID, &code, &signal)
        // A debugger has it first.
        if result == 0 { return }
        uv_poll_stop(memory(as: uv_poll_t.self))
        // In the child of a fork the process is the parent's, and so is its status.
        guard forks == Forks.count.pointee else { return }
        exited(result > 0 ? code : Self.codeIfTaken, signal)
    }

    /// The code of a process of which nobody can say any more how it has ended; asyncio's, too.
    private static let codeIfTaken: Int32 = 255

    private static func from(_ data: UnsafeMutableRawPointer) -> ProcessHandle {
        unsafeDowncast(
            Unmanaged<Handle>.fromOpaque(data).takeUnretainedValue(), to: ProcessHandle.self)
    }

    /// Calls nobody: libuv is going through its list of processes.
    private func exited(_ code: Int32, _ signal: Int32) {
        guard isOpen else { return }
        exitStatus = signal == 0 ? .exited(code) : .signaled(.init(signal))
        resumeEnded()
        reportIfDone()
    }

    private func resumeEnded() {
        ended?.resumeAll(loop.core)
        guard !endActions.isEmpty else { return }
        let actions = endActions
        endActions = []
        for action in actions { action() }
    }

    private func reportIfDone() {
        guard exitStatus != nil, !isReported, isOpen,
            outputs.allSatisfy({ $0.stream?.isStill ?? false })
        else { return }
        isReported = true
        loop.core.enqueue(.closure { self.report() })
    }

    private func report() {
        guard isOpen, let exitStatus else { return }
        reported?.resumeAll(loop.core)
        if let onExit {
            loop.core.guarded(.processExit, madeAt: debugPlace) { try onExit(exitStatus) }
        }
        close()
    }

    /// Lets go of the process. If it still runs it goes on, and the closure is not called.
    /// Idempotent.
    ///
    /// Binds `uv_close`.
    public override func close() {
        guard isOpen else { return }
        pipes.closeOwn()
        onExit = nil
        closeHandle()
        // libuv has let go of it.
        if descriptor >= 0 { cuv_close(descriptor) }
        // From here on libuv does not wait for it.
        if exitStatus == nil { cuv_reap_later(processID) }
        resumeEnded()
        reported?.resumeAll(loop.core)
    }

    override func loopIsClosing() {
        if endsWithLoop { try? kill(.kill) }
        close()
    }

    // MARK: Signals

    /// Sends the process a signal; to a detached one and its whole group. Never reaches another
    /// process.
    ///
    /// Binds `uv_kill`, which `uv_process_kill` calls.
    ///
    /// - Throws: ``UVError/noSuchProcess`` once it has ended or the handle is closed;
    ///   ``UVError/invalidArgument`` for a number that is no signal; ``UVError/notPermitted``.
    public func kill(_ signal: Signal) throws(UVError) {
        loop.assertOnThread()
        guard isOpen, exitStatus == nil else { throw .noSuchProcess }
        try UVError.check(uv_kill(isDetached ? -processID : processID, signal.rawValue))
    }

    // MARK: For tasks

    /// Waits for the end; on the loop's thread.
    nonisolated(nonsending) func waitForExit(afterOutput: Bool) async throws -> ProcessExitStatus {
        try checkCancellation()
        if isOpen, afterOutput ? !isReported : exitStatus == nil {
            try await waiters(afterOutput: afterOutput).wait(on: loop)
        }
        guard let exitStatus else { throw EventLoopError.closed }
        return exitStatus
    }

    private func waiters(afterOutput: Bool) -> WaiterList {
        if let list = afterOutput ? reported : ended { return list }
        let made = WaiterList()
        if afterOutput { reported = made } else { ended = made }
        return made
    }

    /// Ends the process, by ``Signal/terminate`` or after the grace by ``Signal/kill``, and returns
    /// when it has ended; also in a cancelled task. On the loop's thread.
    nonisolated(nonsending) func end(within grace: Duration) async {
        guard isOpen, exitStatus == nil else { return }
        let timer = loop.callLater(grace) { try? self.kill(.kill) }
        await waitUncancelled()
        timer.stop()
    }

    private func waitUncancelled(isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in
            endActions.append { continuation.resume() }
        }
    }
}

extension StreamCore {
    /// Whether nothing more comes, or not until somebody takes what there is.
    fileprivate var isStill: Bool { hasReadEnd || isClosed || (readAhead?.isFull ?? false) }
}
