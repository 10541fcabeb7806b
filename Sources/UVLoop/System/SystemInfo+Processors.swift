import CUV

extension SystemInfo {
    /// The machine's logical processors. Binds `uv_cpu_info`, `uv_free_cpu_info`.
    public static var processors: [Processor] {
        get throws(UVError) {
            var infos: UnsafeMutablePointer<uv_cpu_info_t>?
            var count: Int32 = 0
            try UVError.check(uv_cpu_info(&infos, &count))
            defer { uv_free_cpu_info(infos, count) }
            return UnsafeBufferPointer(start: infos, count: Int(count)).map(Processor.init)
        }
    }
}

/// One logical processor of the machine.
public struct Processor: Hashable, Sendable {
    /// What it calls itself; `unknown` if it does not.
    public let model: String
    /// Its clock in MHz; 0 if unknown.
    public let megahertz: Int
    /// What it has done since the system was started.
    public let times: Times

    /// How long a processor has been at what.
    public struct Times: Hashable, Sendable {
        /// In programs.
        public let user: Duration
        /// In programs that are nice to others.
        public let nice: Duration
        /// In the kernel.
        public let system: Duration
        /// At nothing.
        public let idle: Duration
        /// With interrupts.
        public let interrupts: Duration
    }

    fileprivate init(_ info: uv_cpu_info_t) {
        model = String(copying: info.model)
        megahertz = Int(info.speed)
        let spent = info.cpu_times
        times = Times(
            user: .milliseconds(Int64(clamping: spent.user)),
            nice: .milliseconds(Int64(clamping: spent.nice)),
            system: .milliseconds(Int64(clamping: spent.sys)),
            idle: .milliseconds(Int64(clamping: spent.idle)),
            interrupts: .milliseconds(Int64(clamping: spent.irq)))
    }
}
