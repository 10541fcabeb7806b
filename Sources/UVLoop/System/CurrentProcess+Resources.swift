import CUV

extension CurrentProcess {
    // MARK: What it uses

    /// The memory of the process that is in RAM now, in bytes. Binds `uv_resident_set_memory`.
    public static var residentMemory: Int {
        get throws(UVError) {
            var bytes = 0
            try UVError.check(uv_resident_set_memory(&bytes))
            return bytes
        }
    }

    /// What the process has used since it was started, all its threads together.
    /// Binds `uv_getrusage`.
    public static var resourceUse: ResourceUse {
        get throws(UVError) {
            var usage = uv_rusage_t()
            try UVError.check(uv_getrusage(&usage))
            return ResourceUse(usage)
        }
    }

    // MARK: Priority

    /// The priority of a process, -20 for the highest to 19 for the lowest, 0 as usual.
    /// Binds `uv_os_getpriority`.
    ///
    /// - Parameter process: its number; 0 for this one.
    /// - Throws: ``UVError/noSuchProcess``.
    public static func priority(of process: Int32 = 0) throws(UVError) -> Int {
        var priority: Int32 = 0
        try UVError.check(uv_os_getpriority(process, &priority))
        return Int(priority)
    }

    /// Sets the priority of a process, -20 for the highest to 19 for the lowest; see
    /// ``Priority`` for steps that have names. Binds `uv_os_setpriority`.
    ///
    /// On Linux, with 0, only the calling thread and those that it starts from then on.
    ///
    /// - Parameter process: its number; 0 for this one.
    /// - Throws: ``UVError/noSuchProcess``; ``UVError/permissionDenied`` and
    ///   ``UVError/notPermitted`` for what only the administrator may;
    ///   ``UVError/invalidArgument`` outside of the range.
    public static func setPriority(_ priority: Int, of process: Int32 = 0) throws(UVError) {
        guard (-20...19).contains(priority) else { throw .invalidArgument }
        try UVError.check(uv_os_setpriority(process, Int32(priority)))
    }

    /// libuv's steps of priority.
    public enum Priority {
        /// `UV_PRIORITY_LOW`.
        public static let low = 19
        /// `UV_PRIORITY_BELOW_NORMAL`.
        public static let belowNormal = 10
        /// `UV_PRIORITY_NORMAL`.
        public static let normal = 0
        /// `UV_PRIORITY_ABOVE_NORMAL`.
        public static let aboveNormal = -7
        /// `UV_PRIORITY_HIGH`.
        public static let high = -14
        /// `UV_PRIORITY_HIGHEST`.
        public static let highest = -20
    }
}

/// What a process has used. Linux counts only what is listed here; what libuv has beside it is
/// always 0 there.
public struct ResourceUse: Hashable, Sendable {
    /// CPU time in the program.
    public let userTime: Duration
    /// CPU time in the kernel.
    public let systemTime: Duration
    /// The most memory that was in RAM at a time, in bytes.
    public let peakResidentMemory: UInt64
    /// Pages of memory that were found without reading.
    public let minorPageFaults: UInt64
    /// Pages of memory that had to be read.
    public let majorPageFaults: UInt64
    /// How often a block was read from a file system.
    public let blockReads: UInt64
    /// How often a block was written to a file system.
    public let blockWrites: UInt64
    /// How often a thread gave its core away, to wait.
    public let voluntaryContextSwitches: UInt64
    /// How often a thread lost its core to others.
    public let involuntaryContextSwitches: UInt64

    fileprivate init(_ usage: uv_rusage_t) {
        func duration(_ time: uv_timeval_t) -> Duration {
            .seconds(time.tv_sec) + .microseconds(time.tv_usec)
        }
        userTime = duration(usage.ru_utime)
        systemTime = duration(usage.ru_stime)
        // The system counts in KiB, except for Darwin.
        #if canImport(Darwin)
        peakResidentMemory = usage.ru_maxrss
        #else
        peakResidentMemory = usage.ru_maxrss * 1_024
        #endif
        minorPageFaults = usage.ru_minflt
        majorPageFaults = usage.ru_majflt
        blockReads = usage.ru_inblock
        blockWrites = usage.ru_oublock
        voluntaryContextSwitches = usage.ru_nvcsw
        involuntaryContextSwitches = usage.ru_nivcsw
    }
}
