extension EventLoop {
    /// Runs a program to its end and returns what it has written; from any task.
    ///
    /// ```swift
    /// let version = try await loop.run("git", "--version").checkSuccess().text
    /// ```
    ///
    /// - Parameters:
    ///   - program: as in ``ProcessOptions/program``.
    ///   - input: what it gets as standard input, which ends then; nil for the null device. A
    ///     program that does not read all of it does no harm.
    ///   - timeout: how long it may take; nil for ever.
    ///   - outputLimit: how many bytes it may write to standard output, and to standard error.
    ///   - grace: a program that has to be ended gets ``Signal/terminate``, and if it is still
    ///     there after so long, ``Signal/kill``.
    /// - Returns: what it has written, and how it has ended, which is no error.
    /// - Throws: ``ProcessError/notStarted(program:_:)``;
    ///   ``ProcessError/outputTooLong(program:limit:)`` and ``ProcessError/timedOut(program:)``;
    ///   ``EventLoopError/closed``; `CancellationError`. The program has ended then.
    public nonisolated(nonsending) func run(
        _ program: String, _ arguments: String..., input: (any ByteContainer & Sendable)? = nil,
        timeout: Duration? = nil, outputLimit: Int = 16_777_216, grace: Duration = .seconds(5)
    ) async throws -> ProcessOutput {
        try await run(
            ProcessOptions(program, arguments: arguments), input: input, timeout: timeout,
            outputLimit: outputLimit, grace: grace)
    }

    /// Runs a program to its end and returns what it has written; from any task.
    ///
    /// - Parameter options: the program. Its outputs are collected where they are
    ///   ``ProcessDescriptor/inherited``, as at first, or ``ProcessDescriptor/pipe``; the others go
    ///   where the options say. The same holds for its input, if there is none to give it.
    /// - Returns: as the other form.
    /// - Throws: as the other form; ``ProcessError/directoryNotEntered(_:program:_:)``.
    public nonisolated(nonsending) func run(
        _ options: ProcessOptions, input: (any ByteContainer & Sendable)? = nil,
        timeout: Duration? = nil, outputLimit: Int = 16_777_216, grace: Duration = .seconds(5)
    ) async throws -> ProcessOutput {
        var options = options
        if input != nil {
            options.standardInput = .pipe
        } else if options.standardInput == .inherited {
            options.standardInput = .ignored
        }
        if options.standardOutput == .inherited { options.standardOutput = .pipe }
        if options.standardError == .inherited { options.standardError = .pipe }
        let command = Command(self, options, input, outputLimit, grace)
        guard let timeout else { return try await command.run() }
        do {
            return try await withTimeout(timeout) { try await command.run() }
        } catch EventLoopError.timedOut {
            throw ProcessError.timedOut(program: options.program)
        }
    }
}

/// One program that is run for its output.
private struct Command: Sendable {
    private enum Part: Sendable {
        case input
        case output([UInt8])
        case error([UInt8])
        case status(ProcessExitStatus)
    }

    private let loop: EventLoop
    private let options: ProcessOptions
    private let input: (any ByteContainer & Sendable)?
    private let limit: Int
    private let grace: Duration

    init(
        _ loop: EventLoop, _ options: ProcessOptions, _ input: (any ByteContainer & Sendable)?,
        _ limit: Int, _ grace: Duration
    ) {
        self.loop = loop
        self.options = options
        self.input = input
        self.limit = limit
        self.grace = grace
    }

    nonisolated(nonsending) func run() async throws -> ProcessOutput {
        try await loop.withProcess(options, grace: grace) { try await output(of: $0) }
    }

    /// Feeds the child, collects from it and waits for it, all at once.
    private nonisolated(nonsending) func output(of child: ChildProcess) async throws
        -> ProcessOutput
    {
        try await withThrowingTaskGroup(of: Part.self) { group in
            let executor = loop.preferredExecutor
            group.addTask(executorPreference: executor) {
                await feed(child.standardInput)
                return .input
            }
            group.addTask(executorPreference: executor) {
                .output(try await collect(child.standardOutput))
            }
            group.addTask(executorPreference: executor) {
                .error(try await collect(child.standardError))
            }
            group.addTask(executorPreference: executor) {
                .status(try await child.waitForExit())
            }
            var (output, error): ([UInt8], [UInt8]) = ([], [])
            var status: ProcessExitStatus?
            for try await part in group {
                switch part {
                case .input: break
                case .output(let bytes): output = bytes
                case .error(let bytes): error = bytes
                case .status(let found): status = found
                }
            }
            return ProcessOutput(
                program: options.program, status: status!, standardOutput: output,
                standardError: error)
        }
    }

    /// A program may end before it has read everything, which is no error.
    private nonisolated(nonsending) func feed(_ stream: SocketStream?) async {
        guard let stream, let input else { return }
        try? await stream.sendAll([input])
        try? await stream.sendEOF()
    }

    private nonisolated(nonsending) func collect(_ stream: SocketStream?) async throws -> [UInt8] {
        guard let stream else { return [] }
        var bytes: [UInt8] = []
        while try await stream.withReceived({ span in
            span.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }) != nil {
            if bytes.count > limit {
                throw ProcessError.outputTooLong(program: options.program, limit: limit)
            }
        }
        return bytes
    }
}
