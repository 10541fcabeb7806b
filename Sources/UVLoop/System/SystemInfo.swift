import CUV

/// The machine and the system that the program runs on. For the program's own process there is
/// ``CurrentProcess``.
///
/// All of it can be asked on any thread, without a loop. Most answers come from a system call or a
/// few small files of `/proc`, and cost microseconds.
public enum SystemInfo {
    // MARK: The machine

    /// What the machine is called on the network. Binds `uv_os_gethostname`.
    public static var hostName: String {
        get throws(UVError) { try text { uv_os_gethostname($0, $1) } }
    }

    /// The kernel, as `uname` tells it. Binds `uv_os_uname`.
    public static var operatingSystem: OperatingSystem {
        get throws(UVError) {
            var name = uv_utsname_t()
            try UVError.check(uv_os_uname(&name))
            return OperatingSystem(
                name: String(copying: name.sysname), release: String(copying: name.release),
                version: String(copying: name.version), machine: String(copying: name.machine))
        }
    }

    /// How long the system has been up, in whole seconds or better. Binds `uv_uptime`.
    public static var upTime: Duration {
        get throws(UVError) {
            var seconds = 0.0
            try UVError.check(uv_uptime(&seconds))
            return .seconds(seconds)
        }
    }

    /// How many threads wait for or use a core, on average over 1, 5 and 15 minutes; zeros where
    /// the system does not tell. Binds `uv_loadavg`.
    public static var loadAverage: LoadAverage {
        var averages = (0.0, 0.0, 0.0)
        withUnsafeMutablePointer(to: &averages) {
            $0.withMemoryRebound(to: Double.self, capacity: 3) { uv_loadavg($0) }
        }
        return LoadAverage(
            oneMinute: averages.0, fiveMinutes: averages.1, fifteenMinutes: averages.2)
    }

    // MARK: Memory

    /// The machine's memory in bytes; 0 if unknown. Binds `uv_get_total_memory`.
    public static var totalMemory: UInt64 { uv_get_total_memory() }

    /// The memory that is free or can be made so, in bytes; 0 if unknown.
    /// Binds `uv_get_free_memory`.
    public static var freeMemory: UInt64 { uv_get_free_memory() }

    /// The most that the process may use, as a container's limit says, in bytes; nil without one,
    /// or where it is unknown. It may be above ``totalMemory``. Binds `uv_get_constrained_memory`.
    public static var constrainedMemory: UInt64? {
        let bytes = uv_get_constrained_memory()
        return bytes == 0 ? nil : bytes
    }

    // MARK: Processors

    /// How many threads can run at the same time, at least 1; what the process is restricted to
    /// counts. Binds `uv_available_parallelism`.
    public static var availableParallelism: Int { Int(uv_available_parallelism()) }

    // MARK: Time

    /// The wall clock: since 1970 in UTC, to the microsecond. It can jump; to measure there is
    /// ``EventLoop/Instant``. Binds `uv_gettimeofday`.
    public static var timeOfDay: Duration {
        get throws(UVError) {
            var time = uv_timeval64_t()
            try UVError.check(uv_gettimeofday(&time))
            return .seconds(time.tv_sec) + .microseconds(Int64(time.tv_usec))
        }
    }

    // MARK: libuv

    /// libuv's version at run time, such as `1.44.2`. Binds `uv_version_string`.
    public static var libuvVersion: String { String(cString: uv_version_string()) }

    /// The same as a number, `0xMMmmpp`, to be compared. Binds `uv_version`.
    public static var libuvVersionNumber: UInt32 { uv_version() }
}

/// The kernel that the program runs on.
public struct OperatingSystem: Hashable, Sendable {
    /// The system's name: `Linux`, `Darwin`.
    public let name: String
    /// The release: `6.1.0-18-amd64`.
    public let release: String
    /// The version, which is more of a description.
    public let version: String
    /// The kind of processor: `x86_64`, `aarch64`.
    public let machine: String
}

/// How many threads wait for or use a core, on average.
public struct LoadAverage: Hashable, Sendable {
    /// Over the last minute.
    public let oneMinute: Double
    /// Over the last five minutes.
    public let fiveMinutes: Double
    /// Over the last fifteen minutes.
    public let fifteenMinutes: Double
}
