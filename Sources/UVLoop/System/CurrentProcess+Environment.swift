import CUV

// The environment. C's functions for it are not safe against one another: who sets a variable has
// to know that no other thread, not even one of a library, reads one meanwhile.
extension CurrentProcess {
    /// All variables of the environment; of a name that is there twice the first.
    /// Binds `uv_os_environ`, `uv_os_free_environ`.
    public static var environment: [String: String] {
        get throws(UVError) {
            var items: UnsafeMutablePointer<uv_env_item_t>?
            var count: Int32 = 0
            try UVError.check(uv_os_environ(&items, &count))
            defer { uv_os_free_environ(items, count) }
            let all = UnsafeBufferPointer(start: items, count: Int(count)).map {
                (String(copying: $0.name), String(copying: $0.value))
            }
            return Dictionary(all) { first, _ in first }
        }
    }

    /// The value of a variable; nil if it is not set. Binds `uv_os_getenv`.
    ///
    /// - Throws: ``UVError/invalidArgument`` for a name with a zero byte.
    public static func environmentVariable(_ name: String) throws(UVError) -> String? {
        try checkNoZero(name)
        do throws(UVError) {
            return try text { uv_os_getenv(name, $0, $1) }
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Sets a variable for this process and the ones that it starts from now on; nil removes it.
    ///
    /// Do it before there are other threads, or where none of them can be reading a variable, as
    /// the functions of the C library for time zones, languages and names do: C knows no lock for
    /// that.
    ///
    /// Binds `uv_os_setenv`, `uv_os_unsetenv`.
    ///
    /// - Throws: ``UVError/invalidArgument`` for a name that is empty or has a `=` or a zero byte.
    public static func setEnvironmentVariable(
        _ name: String, to value: String?
    ) throws(UVError) {
        try checkNoZero(name, value ?? "")
        if let value {
            try UVError.check(uv_os_setenv(name, value))
        } else {
            try UVError.check(uv_os_unsetenv(name))
        }
    }
}
