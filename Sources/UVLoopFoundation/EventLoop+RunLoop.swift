import Foundation
import UVLoop

extension EventLoop {
    /// Replaces Swift's default loop as ``EventLoop/install(_:)`` does, and has it turn
    /// `RunLoop.main` as well, which would stand still otherwise: timers, `perform`, streams and
    /// other input sources of the default mode. On Linux.
    ///
    /// ```swift
    /// import UVLoopFoundation
    ///
    /// @main struct App {
    ///     static func main() async throws {
    ///         try EventLoop.installWithRunLoop()
    ///         RunLoop.main.add(timer, forMode: .default)
    ///         …
    ///     }
    /// }
    /// ```
    ///
    /// For the first line of an async `main`; in a synchronous one, before
    /// ``EventLoop/runMain(_:_:)``. Where the loop has been installed before, also by
    /// `UVLoopAutoInstall`, it only adds the run loop.
    ///
    /// The loop watches the descriptor on which the run loop would wait, so it costs nothing while
    /// nothing happens. What a callback or a task on the main thread hands to
    /// `RunLoop.main.perform` runs within a millisecond. As without this library, `perform` from
    /// another thread does not wake the run loop; `CFRunLoopWakeUp` does.
    ///
    /// - Returns: the loop.
    /// - Throws: ``InstallError``; ``EventLoopError/running`` if the loop runs already;
    ///   ``UVError/notSupported`` elsewhere than on Linux, or with a Foundation of which nobody
    ///   knows that descriptor.
    @discardableResult
    public nonisolated static func installWithRunLoop(
        _ mode: InstallMode = .single
    ) throws -> EventLoop {
        let loop = try install(mode)
        #if os(Linux)
        try accompanyMain { try MainRunLoop().companion }
        return loop
        #else
        throw UVError.notSupported
        #endif
    }
}
