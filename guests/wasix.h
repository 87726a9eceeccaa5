#pragma once

// The WASIX system calls as a C guest imports them, for programs built with Debian's wasi-libc
// (which has the wasi_snapshot_preview1 ones under other names). Pointers and lengths are plain
// integers, as in the binary; a result is an errno. The types are checked against
// src/wasix/syscalls.def whenever a guest starts.

#include <stdint.h>

#define WASIX_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

#define WASIX_PTR(pointer) ((uint32_t)(uintptr_t)(pointer))

/// addr_port: where a socket is, of any family; `port` and `octets` of IPv4 as a host writes them.
struct wasix_address_port {
    uint8_t family;
    uint8_t padding;
    uint8_t port[2];
    uint8_t octets[106];
};

/// iovec and ciovec.
struct wasix_buffer {
    uint32_t data;
    uint32_t bytes;
};

WASIX_IMPORT("wasix_32v1", "clock_time_set")
uint32_t wasix_clock_time_set(uint32_t id, uint64_t timestamp);
WASIX_IMPORT("wasix_32v1", "fd_dup")
uint32_t wasix_fd_dup(uint32_t fd, uint32_t ret_fd);
WASIX_IMPORT("wasix_32v1", "fd_dup2")
uint32_t wasix_fd_dup2(uint32_t fd, uint32_t min_result_fd, uint32_t cloexec, uint32_t ret_fd);
WASIX_IMPORT("wasix_32v1", "fd_event")
uint32_t wasix_fd_event(uint64_t initial_val, uint32_t flags, uint32_t ret_fd);
WASIX_IMPORT("wasix_32v1", "fd_pipe")
uint32_t wasix_fd_pipe(uint32_t ro_read_fd, uint32_t ro_write_fd);
WASIX_IMPORT("wasix_32v1", "tty_get")
uint32_t wasix_tty_get(uint32_t state);
WASIX_IMPORT("wasix_32v1", "tty_set")
uint32_t wasix_tty_set(uint32_t state);
WASIX_IMPORT("wasix_32v1", "getcwd")
uint32_t wasix_getcwd(uint32_t path, uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "chdir")
uint32_t wasix_chdir(uint32_t path, uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "callback_signal")
void wasix_callback_signal(uint32_t callback, uint32_t callback_len);
WASIX_IMPORT("wasix_32v1", "thread_spawn_v2")
uint32_t wasix_thread_spawn_v2(uint32_t args, uint32_t ret_tid);
WASIX_IMPORT("wasix_32v1", "thread_sleep")
uint32_t wasix_thread_sleep(uint64_t duration);
WASIX_IMPORT("wasix_32v1", "thread_id")
uint32_t wasix_thread_id(uint32_t ret_tid);
WASIX_IMPORT("wasix_32v1", "thread_join")
uint32_t wasix_thread_join(uint32_t tid);
WASIX_IMPORT("wasix_32v1", "thread_parallelism")
uint32_t wasix_thread_parallelism(uint32_t ret_parallelism);
WASIX_IMPORT("wasix_32v1", "thread_signal")
uint32_t wasix_thread_signal(uint32_t tid, uint32_t signal_);
WASIX_IMPORT("wasix_32v1", "futex_wait")
uint32_t wasix_futex_wait(uint32_t futex, uint32_t expected, uint32_t timeout, uint32_t ret_woken);
WASIX_IMPORT("wasix_32v1", "futex_wake")
uint32_t wasix_futex_wake(uint32_t futex, uint32_t ret_woken);
WASIX_IMPORT("wasix_32v1", "futex_wake_all")
uint32_t wasix_futex_wake_all(uint32_t futex, uint32_t ret_woken);
WASIX_IMPORT("wasix_32v1", "thread_exit")
void wasix_thread_exit(uint32_t rval);
WASIX_IMPORT("wasix_32v1", "stack_checkpoint")
uint32_t wasix_stack_checkpoint(uint32_t snapshot, uint32_t ret_val);
WASIX_IMPORT("wasix_32v1", "stack_restore")
void wasix_stack_restore(uint32_t snapshot, uint64_t val);
WASIX_IMPORT("wasix_32v1", "path_open2")
uint32_t wasix_path_open2(uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t path_len,
                          uint32_t oflags, uint64_t fs_rights_base, uint64_t fs_rights_inheriting,
                          uint32_t fdflags, uint32_t fdflagsext, uint32_t ro_fd);
WASIX_IMPORT("wasix_32v1", "fd_fdflags_get")
uint32_t wasix_fd_fdflags_get(uint32_t fd, uint32_t buf_ptr);
WASIX_IMPORT("wasix_32v1", "fd_fdflags_set")
uint32_t wasix_fd_fdflags_set(uint32_t fd, uint32_t flags);
WASIX_IMPORT("wasix_32v1", "proc_raise_interval")
uint32_t wasix_proc_raise_interval(uint32_t sig, uint64_t interval, uint32_t repeat);
WASIX_IMPORT("wasix_32v1", "proc_raise_interval2")
uint32_t wasix_proc_raise_interval2(uint32_t sig, uint32_t new_ptr, uint32_t ret_old);
WASIX_IMPORT("wasix_32v1", "proc_fork")
uint32_t wasix_proc_fork(uint32_t copy_memory, uint32_t pid_ptr);
WASIX_IMPORT("wasix_32v1", "proc_fork_env")
uint32_t wasix_proc_fork_env(uint32_t child_pid);
WASIX_IMPORT("wasix_32v1", "proc_exit2")
void wasix_proc_exit2(uint32_t rval);
WASIX_IMPORT("wasix_32v1", "proc_exec")
void wasix_proc_exec(uint32_t name, uint32_t name_len, uint32_t args, uint32_t args_len);
WASIX_IMPORT("wasix_32v1", "proc_exec2")
void wasix_proc_exec2(uint32_t name, uint32_t name_len, uint32_t args, uint32_t args_len,
                      uint32_t envs, uint32_t envs_len);
WASIX_IMPORT("wasix_32v1", "proc_exec3")
uint32_t wasix_proc_exec3(uint32_t name, uint32_t name_len, uint32_t args, uint32_t args_len,
                          uint32_t envs, uint32_t envs_len, uint32_t search_path, uint32_t path,
                          uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "proc_spawn")
uint32_t wasix_proc_spawn(uint32_t name, uint32_t name_len, uint32_t chroot, uint32_t args,
                          uint32_t args_len, uint32_t preopen, uint32_t preopen_len, uint32_t stdin,
                          uint32_t stdout, uint32_t stderr, uint32_t working_dir,
                          uint32_t working_dir_len, uint32_t ret_handles);
WASIX_IMPORT("wasix_32v1", "proc_spawn2")
uint32_t wasix_proc_spawn2(uint32_t name, uint32_t name_len, uint32_t args, uint32_t args_len,
                           uint32_t envs, uint32_t envs_len, uint32_t fd_ops, uint32_t fd_ops_len,
                           uint32_t signal_dispositions, uint32_t signal_dispositions_len,
                           uint32_t search_path, uint32_t path, uint32_t path_len,
                           uint32_t ret_pid);
WASIX_IMPORT("wasix_32v1", "proc_id")
uint32_t wasix_proc_id(uint32_t ret_pid);
WASIX_IMPORT("wasix_32v1", "proc_parent")
uint32_t wasix_proc_parent(uint32_t pid, uint32_t ret_parent);
WASIX_IMPORT("wasix_32v1", "proc_join")
uint32_t wasix_proc_join(uint32_t pid, uint32_t flags, uint32_t status_ptr);
WASIX_IMPORT("wasix_32v1", "proc_signal")
uint32_t wasix_proc_signal(uint32_t pid, uint32_t signal_);
WASIX_IMPORT("wasix_32v1", "proc_signals_get")
uint32_t wasix_proc_signals_get(uint32_t buf);
WASIX_IMPORT("wasix_32v1", "proc_signals_sizes_get")
uint32_t wasix_proc_signals_sizes_get(uint32_t ret_count);
WASIX_IMPORT("wasix_32v1", "proc_snapshot")
uint32_t wasix_proc_snapshot(void);
WASIX_IMPORT("wasix_32v1", "port_bridge")
uint32_t wasix_port_bridge(uint32_t network, uint32_t network_len, uint32_t token,
                           uint32_t token_len, uint32_t security);
WASIX_IMPORT("wasix_32v1", "port_unbridge")
uint32_t wasix_port_unbridge(void);
WASIX_IMPORT("wasix_32v1", "port_dhcp_acquire")
uint32_t wasix_port_dhcp_acquire(void);
WASIX_IMPORT("wasix_32v1", "port_addr_add")
uint32_t wasix_port_addr_add(uint32_t addr);
WASIX_IMPORT("wasix_32v1", "port_addr_remove")
uint32_t wasix_port_addr_remove(uint32_t addr);
WASIX_IMPORT("wasix_32v1", "port_addr_clear")
uint32_t wasix_port_addr_clear(void);
WASIX_IMPORT("wasix_32v1", "port_mac")
uint32_t wasix_port_mac(uint32_t ret_mac);
WASIX_IMPORT("wasix_32v1", "port_addr_list")
uint32_t wasix_port_addr_list(uint32_t addrs, uint32_t naddrs);
WASIX_IMPORT("wasix_32v1", "port_gateway_set")
uint32_t wasix_port_gateway_set(uint32_t addr);
WASIX_IMPORT("wasix_32v1", "port_route_add")
uint32_t wasix_port_route_add(uint32_t cidr, uint32_t via_router, uint32_t preferred_until,
                              uint32_t expires_at);
WASIX_IMPORT("wasix_32v1", "port_route_remove")
uint32_t wasix_port_route_remove(uint32_t cidr);
WASIX_IMPORT("wasix_32v1", "port_route_clear")
uint32_t wasix_port_route_clear(void);
WASIX_IMPORT("wasix_32v1", "port_route_list")
uint32_t wasix_port_route_list(uint32_t routes, uint32_t nroutes);
WASIX_IMPORT("wasix_32v1", "sock_status")
uint32_t wasix_sock_status(uint32_t fd, uint32_t ret_status);
WASIX_IMPORT("wasix_32v1", "sock_addr_local")
uint32_t wasix_sock_addr_local(uint32_t fd, uint32_t ret_addr);
WASIX_IMPORT("wasix_32v1", "sock_addr_peer")
uint32_t wasix_sock_addr_peer(uint32_t fd, uint32_t ro_addr);
WASIX_IMPORT("wasix_32v1", "sock_open")
uint32_t wasix_sock_open(uint32_t af, uint32_t socktype, uint32_t sock_proto, uint32_t ro_sock);
WASIX_IMPORT("wasix_32v1", "sock_pair")
uint32_t wasix_sock_pair(uint32_t af, uint32_t socktype, uint32_t sock_proto, uint32_t ro_sock1,
                         uint32_t ro_sock2);
WASIX_IMPORT("wasix_32v1", "sock_set_opt_flag")
uint32_t wasix_sock_set_opt_flag(uint32_t fd, uint32_t sockopt, uint32_t flag);
WASIX_IMPORT("wasix_32v1", "sock_get_opt_flag")
uint32_t wasix_sock_get_opt_flag(uint32_t fd, uint32_t sockopt, uint32_t ret_flag);
WASIX_IMPORT("wasix_32v1", "sock_set_opt_time")
uint32_t wasix_sock_set_opt_time(uint32_t fd, uint32_t sockopt, uint32_t timeout);
WASIX_IMPORT("wasix_32v1", "sock_get_opt_time")
uint32_t wasix_sock_get_opt_time(uint32_t fd, uint32_t sockopt, uint32_t ret_time);
WASIX_IMPORT("wasix_32v1", "sock_set_opt_size")
uint32_t wasix_sock_set_opt_size(uint32_t fd, uint32_t sockopt, uint64_t size);
WASIX_IMPORT("wasix_32v1", "sock_get_opt_size")
uint32_t wasix_sock_get_opt_size(uint32_t fd, uint32_t sockopt, uint32_t ret_size);
WASIX_IMPORT("wasix_32v1", "sock_join_multicast_v4")
uint32_t wasix_sock_join_multicast_v4(uint32_t fd, uint32_t multiaddr, uint32_t interface);
WASIX_IMPORT("wasix_32v1", "sock_leave_multicast_v4")
uint32_t wasix_sock_leave_multicast_v4(uint32_t fd, uint32_t multiaddr, uint32_t interface);
WASIX_IMPORT("wasix_32v1", "sock_join_multicast_v6")
uint32_t wasix_sock_join_multicast_v6(uint32_t fd, uint32_t multiaddr, uint32_t interface);
WASIX_IMPORT("wasix_32v1", "sock_leave_multicast_v6")
uint32_t wasix_sock_leave_multicast_v6(uint32_t fd, uint32_t multiaddr, uint32_t interface);
WASIX_IMPORT("wasix_32v1", "sock_bind")
uint32_t wasix_sock_bind(uint32_t fd, uint32_t addr);
WASIX_IMPORT("wasix_32v1", "sock_listen")
uint32_t wasix_sock_listen(uint32_t fd, uint32_t backlog);
WASIX_IMPORT("wasix_32v1", "sock_accept_v2")
uint32_t wasix_sock_accept_v2(uint32_t fd, uint32_t flags, uint32_t ro_fd, uint32_t ro_addr);
WASIX_IMPORT("wasix_32v1", "sock_connect")
uint32_t wasix_sock_connect(uint32_t fd, uint32_t addr);
WASIX_IMPORT("wasix_32v1", "sock_recv_from")
uint32_t wasix_sock_recv_from(uint32_t fd, uint32_t ri_data, uint32_t ri_data_len,
                              uint32_t ri_flags, uint32_t ro_data_len, uint32_t ro_flags,
                              uint32_t ro_addr);
WASIX_IMPORT("wasix_32v1", "sock_send_to")
uint32_t wasix_sock_send_to(uint32_t fd, uint32_t si_data, uint32_t si_data_len, uint32_t si_flags,
                            uint32_t addr, uint32_t ret_data_len);
WASIX_IMPORT("wasix_32v1", "sock_send_file")
uint32_t wasix_sock_send_file(uint32_t out_fd, uint32_t in_fd, uint64_t offset, uint64_t count,
                              uint32_t ret_sent);
WASIX_IMPORT("wasix_32v1", "resolve")
uint32_t wasix_resolve(uint32_t host, uint32_t host_len, uint32_t port, uint32_t addrs,
                       uint32_t naddrs, uint32_t ret_naddrs);
WASIX_IMPORT("wasix_32v1", "epoll_create")
uint32_t wasix_epoll_create(uint32_t ret_fd);
WASIX_IMPORT("wasix_32v1", "epoll_ctl")
uint32_t wasix_epoll_ctl(uint32_t epfd, uint32_t op, uint32_t fd, uint32_t event);
WASIX_IMPORT("wasix_32v1", "epoll_wait")
uint32_t wasix_epoll_wait(uint32_t epfd, uint32_t event, uint32_t maxevents, uint64_t timeout,
                          uint32_t ret_nevents);
WASIX_IMPORT("wasix_32v1", "dl_invalid_handle")
uint32_t wasix_dl_invalid_handle(uint32_t handle);
WASIX_IMPORT("wasix_32v1", "dlopen")
uint32_t wasix_dlopen(uint32_t path, uint32_t path_len, uint32_t flags, uint32_t err_buf,
                      uint32_t err_buf_len, uint32_t ld_library_path, uint32_t ld_library_path_len,
                      uint32_t out_handle);
WASIX_IMPORT("wasix_32v1", "dlsym")
uint32_t wasix_dlsym(uint32_t handle, uint32_t symbol, uint32_t symbol_len, uint32_t err_buf,
                     uint32_t err_buf_len, uint32_t out_symbol);
WASIX_IMPORT("wasix_32v1", "call_dynamic")
uint32_t wasix_call_dynamic(uint32_t function_id, uint32_t values, uint32_t values_len,
                            uint32_t results, uint32_t results_len, uint32_t strict);
WASIX_IMPORT("wasix_32v1", "closure_prepare")
uint32_t wasix_closure_prepare(uint32_t backing_function_id, uint32_t closure_id,
                               uint32_t argument_types, uint32_t argument_types_len,
                               uint32_t result_types, uint32_t result_types_len,
                               uint32_t user_data_ptr);
WASIX_IMPORT("wasix_32v1", "closure_allocate")
uint32_t wasix_closure_allocate(uint32_t out_closure_id);
WASIX_IMPORT("wasix_32v1", "closure_free")
uint32_t wasix_closure_free(uint32_t closure_id);
WASIX_IMPORT("wasix_32v1", "reflect_signature")
uint32_t wasix_reflect_signature(uint32_t function_id, uint32_t argument_types,
                                 uint32_t argument_types_len, uint32_t result_types,
                                 uint32_t result_types_len, uint32_t out_result);
WASIX_IMPORT("wasix_32v1", "context_create")
uint32_t wasix_context_create(uint32_t new_context_ptr, uint32_t entrypoint);
WASIX_IMPORT("wasix_32v1", "context_switch")
uint32_t wasix_context_switch(uint64_t next_context);
WASIX_IMPORT("wasix_32v1", "context_destroy")
uint32_t wasix_context_destroy(uint64_t context);
WASIX_IMPORT("wasi", "thread-spawn")
uint32_t wasi_thread_spawn(uint32_t start_arg);
WASIX_IMPORT("wasix_32v1", "args_get")
uint32_t wasix_args_get(uint32_t argv, uint32_t argv_buf);
WASIX_IMPORT("wasix_32v1", "args_sizes_get")
uint32_t wasix_args_sizes_get(uint32_t argc, uint32_t argv_buf_size);
WASIX_IMPORT("wasix_32v1", "environ_get")
uint32_t wasix_environ_get(uint32_t environ, uint32_t environ_buf);
WASIX_IMPORT("wasix_32v1", "environ_sizes_get")
uint32_t wasix_environ_sizes_get(uint32_t environ_count, uint32_t environ_buf_size);
WASIX_IMPORT("wasix_32v1", "clock_res_get")
uint32_t wasix_clock_res_get(uint32_t id, uint32_t resolution);
WASIX_IMPORT("wasix_32v1", "clock_time_get")
uint32_t wasix_clock_time_get(uint32_t id, uint64_t precision, uint32_t time);
WASIX_IMPORT("wasix_32v1", "fd_advise")
uint32_t wasix_fd_advise(uint32_t fd, uint64_t offset, uint64_t len, uint32_t advice);
WASIX_IMPORT("wasix_32v1", "fd_allocate")
uint32_t wasix_fd_allocate(uint32_t fd, uint64_t offset, uint64_t len);
WASIX_IMPORT("wasix_32v1", "fd_close")
uint32_t wasix_fd_close(uint32_t fd);
WASIX_IMPORT("wasix_32v1", "fd_datasync")
uint32_t wasix_fd_datasync(uint32_t fd);
WASIX_IMPORT("wasix_32v1", "fd_fdstat_get")
uint32_t wasix_fd_fdstat_get(uint32_t fd, uint32_t buf_ptr);
WASIX_IMPORT("wasix_32v1", "fd_fdstat_set_flags")
uint32_t wasix_fd_fdstat_set_flags(uint32_t fd, uint32_t flags);
WASIX_IMPORT("wasix_32v1", "fd_fdstat_set_rights")
uint32_t wasix_fd_fdstat_set_rights(uint32_t fd, uint64_t fs_rights_base,
                                    uint64_t fs_rights_inheriting);
WASIX_IMPORT("wasix_32v1", "fd_filestat_get")
uint32_t wasix_fd_filestat_get(uint32_t fd, uint32_t buf);
WASIX_IMPORT("wasix_32v1", "fd_filestat_set_size")
uint32_t wasix_fd_filestat_set_size(uint32_t fd, uint64_t size);
WASIX_IMPORT("wasix_32v1", "fd_filestat_set_times")
uint32_t wasix_fd_filestat_set_times(uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t fst_flags);
WASIX_IMPORT("wasix_32v1", "fd_pread")
uint32_t wasix_fd_pread(uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset,
                        uint32_t nread);
WASIX_IMPORT("wasix_32v1", "fd_prestat_get")
uint32_t wasix_fd_prestat_get(uint32_t fd, uint32_t buf);
WASIX_IMPORT("wasix_32v1", "fd_prestat_dir_name")
uint32_t wasix_fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "fd_pwrite")
uint32_t wasix_fd_pwrite(uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset,
                         uint32_t nwritten);
WASIX_IMPORT("wasix_32v1", "fd_read")
uint32_t wasix_fd_read(uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t nread);
WASIX_IMPORT("wasix_32v1", "fd_readdir")
uint32_t wasix_fd_readdir(uint32_t fd, uint32_t buf, uint32_t buf_len, uint64_t cookie,
                          uint32_t bufused);
WASIX_IMPORT("wasix_32v1", "fd_renumber")
uint32_t wasix_fd_renumber(uint32_t fd, uint32_t to);
WASIX_IMPORT("wasix_32v1", "fd_seek")
uint32_t wasix_fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t newoffset);
WASIX_IMPORT("wasix_32v1", "fd_sync")
uint32_t wasix_fd_sync(uint32_t fd);
WASIX_IMPORT("wasix_32v1", "fd_tell")
uint32_t wasix_fd_tell(uint32_t fd, uint32_t offset);
WASIX_IMPORT("wasix_32v1", "fd_write")
uint32_t wasix_fd_write(uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t nwritten);
WASIX_IMPORT("wasix_32v1", "path_create_directory")
uint32_t wasix_path_create_directory(uint32_t fd, uint32_t path, uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "path_filestat_get")
uint32_t wasix_path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_len,
                                 uint32_t buf);
WASIX_IMPORT("wasix_32v1", "path_filestat_set_times")
uint32_t wasix_path_filestat_set_times(uint32_t fd, uint32_t flags, uint32_t path,
                                       uint32_t path_len, uint64_t atim, uint64_t mtim,
                                       uint32_t fst_flags);
WASIX_IMPORT("wasix_32v1", "path_link")
uint32_t wasix_path_link(uint32_t old_fd, uint32_t old_flags, uint32_t old_path,
                         uint32_t old_path_len, uint32_t new_fd, uint32_t new_path,
                         uint32_t new_path_len);
WASIX_IMPORT("wasix_32v1", "path_open")
uint32_t wasix_path_open(uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t path_len,
                         uint32_t oflags, uint64_t fs_rights_base, uint64_t fs_rights_inheriting,
                         uint32_t fdflags, uint32_t ro_fd);
WASIX_IMPORT("wasix_32v1", "path_readlink")
uint32_t wasix_path_readlink(uint32_t fd, uint32_t path, uint32_t path_len, uint32_t buf,
                             uint32_t buf_len, uint32_t buf_used);
WASIX_IMPORT("wasix_32v1", "path_remove_directory")
uint32_t wasix_path_remove_directory(uint32_t fd, uint32_t path, uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "path_rename")
uint32_t wasix_path_rename(uint32_t fd, uint32_t old_path, uint32_t old_path_len, uint32_t new_fd,
                           uint32_t new_path, uint32_t new_path_len);
WASIX_IMPORT("wasix_32v1", "path_symlink")
uint32_t wasix_path_symlink(uint32_t old_path, uint32_t old_path_len, uint32_t fd,
                            uint32_t new_path, uint32_t new_path_len);
WASIX_IMPORT("wasix_32v1", "path_unlink_file")
uint32_t wasix_path_unlink_file(uint32_t fd, uint32_t path, uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "poll_oneoff")
uint32_t wasix_poll_oneoff(uint32_t in, uint32_t out, uint32_t nsubscriptions, uint32_t nevents);
WASIX_IMPORT("wasix_32v1", "proc_exit")
void wasix_proc_exit(uint32_t rval);
WASIX_IMPORT("wasix_32v1", "proc_raise")
uint32_t wasix_proc_raise(uint32_t sig);
WASIX_IMPORT("wasix_32v1", "sched_yield")
uint32_t wasix_sched_yield(void);
WASIX_IMPORT("wasix_32v1", "random_get")
uint32_t wasix_random_get(uint32_t buf, uint32_t buf_len);
WASIX_IMPORT("wasix_32v1", "sock_accept")
uint32_t wasix_sock_accept(uint32_t fd, uint32_t flags, uint32_t ro_fd, uint32_t ro_addr);
WASIX_IMPORT("wasix_32v1", "sock_recv")
uint32_t wasix_sock_recv(uint32_t fd, uint32_t ri_data, uint32_t ri_data_len, uint32_t ri_flags,
                         uint32_t ro_data_len, uint32_t ro_flags);
WASIX_IMPORT("wasix_32v1", "sock_send")
uint32_t wasix_sock_send(uint32_t fd, uint32_t si_data, uint32_t si_data_len, uint32_t si_flags,
                         uint32_t ret_data_len);
WASIX_IMPORT("wasix_32v1", "sock_shutdown")
uint32_t wasix_sock_shutdown(uint32_t fd, uint32_t how);
WASIX_IMPORT("wasix_32v1", "thread_spawn")
uint32_t wasix_thread_spawn(uint32_t args, uint32_t ret_tid);
WASIX_IMPORT("wasix_32v1", "proc_exec4")
uint32_t wasix_proc_exec4(uint32_t name, uint32_t name_len, uint32_t args, uint32_t args_len,
                          uint32_t envs, uint32_t envs_len, uint32_t search_path, uint32_t path,
                          uint32_t path_len);
WASIX_IMPORT("wasix_32v1", "proc_spawn3")
uint32_t wasix_proc_spawn3(uint32_t name, uint32_t name_len, uint32_t args, uint32_t args_len,
                           uint32_t envs, uint32_t envs_len, uint32_t fd_ops, uint32_t fd_ops_len,
                           uint32_t signal_actions, uint32_t signal_actions_len,
                           uint32_t search_path, uint32_t path, uint32_t path_len, uint32_t ret);
WASIX_IMPORT("wasix_32v1", "sock_recv_msg")
uint32_t wasix_sock_recv_msg(uint32_t sock, uint32_t ri_data, uint32_t ri_data_len,
                             uint32_t ri_flags, uint32_t addr, uint32_t ro_control,
                             uint32_t ro_control_len, uint32_t ro_data_len, uint32_t ro_flags,
                             uint32_t ro_control_len_out);
WASIX_IMPORT("wasix_32v1", "sock_send_msg")
uint32_t wasix_sock_send_msg(uint32_t sock, uint32_t si_data, uint32_t si_data_len,
                             uint32_t si_flags, uint32_t addr, uint32_t si_control,
                             uint32_t si_control_len, uint32_t ret_data_len);
WASIX_IMPORT("wasix_32v1", "proc_raise_interval2")
uint32_t wasix_proc_raise_interval2(uint32_t sig, uint32_t new_ptr, uint32_t ret_old);
