import CUV

/// How a program is started: without `fork` where that can be, else by libuv.
///
/// libuv forks. That costs the more the more memory this process has, and afterwards every page
/// that it writes to is copied once. `posix_spawn` does neither, but cannot say all that libuv can,
/// and knows no handle; so its child is watched by a poll of the descriptor of the process. What it
/// does not start, for whatever reason, libuv is asked for: so errors are always libuv's.
struct ProcessStart {
    /// The number of the process; 0 if it was not started.
    private(set) var processID: Int32 = 0
    /// Can be read once the process has ended; -1 if libuv watches it.
    private(set) var descriptor: Int32 = -1
    /// What libuv has said.
    private(set) var error: UVError?

    /// Starts the program, and makes a handle of the memory.
    ///
    /// Binds `uv_spawn`, and `uv_poll_init` for `posix_spawn`.
    ///
    /// - Returns: a negative number if there is no handle. There is one, to be closed, if libuv
    ///   could not start the program.
    mutating func begin(
        _ uv: UnsafeMutablePointer<uv_loop_t>, _ memory: UnsafeMutablePointer<cuv_process_t>,
        _ request: UnsafePointer<uv_process_options_t>
    ) -> Int32 {
        let memory = UnsafeMutableRawPointer(memory)
        processID = cuv_spawn(
            uv, memory.assumingMemoryBound(to: uv_poll_t.self), request, &descriptor)
        guard processID == 0 else { return processID }
        let process = memory.assumingMemoryBound(to: uv_process_t.self)
        let result = uv_spawn(uv, process, request)
        if result < 0 {
            error = UVError(rawValue: result)
        } else {
            processID = uv_process_get_pid(process)
        }
        return 0
    }
}

extension cuv_process_t: HandleStruct {}

extension ProcessOptions {
    /// The error that says what could not be started, and why.
    func error(_ code: UVError) -> ProcessError {
        // The child says the number of the error only, so look which of the two it was.
        if let directory, directory.withCString({ cuv_can_enter($0) }) == code.rawValue {
            return .directoryNotEntered(directory, program: program, code)
        }
        return .notStarted(program: program, code)
    }
}
