//! Departments: `im.department.*`.

use std::collections::BTreeMap;

use crate::methods::{DepartmentId, answers};

namespace! {
    /// Departments: `im.department.*`.
    Department, scope Some("im"), under {
        /// Colleagues: `im.department.colleagues.*`.
        colleagues: DepartmentColleagues,
        /// Who works there: `im.department.employees.*`.
        employees: DepartmentEmployees,
        /// Who leads it: `im.department.managers.*`.
        managers: DepartmentManagers,
    };

    /// Departments by their ids.
    read get = DepartmentGet, "im.department.get" at "chats/departments/im-department-get"
    (id: [DepartmentId] = "ID") -> Vec<answers::Department> {
        /// With who the people are, not only their ids. Default: no.
        user_data: yn = "USER_DATA",
    }
    errors [InvalidFormat, AccessError];
}

namespace! {
    /// Colleagues: `im.department.colleagues.*`.
    DepartmentColleagues, scope Some("im");

    /// The caller's colleagues: their ids, or with `user_data` who they are.
    read list = DepartmentColleaguesList, "im.department.colleagues.list"
        at "chats/departments/im-department-colleagues-list"
    () -> Vec<answers::UserOrId> {
        /// With who the people are, not only their ids. Default: no.
        user_data: yn = "USER_DATA",
        /// How many to leave out.
        offset: u64 = "OFFSET",
        /// How many at most.
        limit: u64 = "LIMIT",
    }
    errors [AccessError]
    pages offset "OFFSET";
}

namespace! {
    /// Who works there: `im.department.employees.*`.
    DepartmentEmployees, scope Some("im");

    /// Who works in departments, by the department's id.
    read get = DepartmentEmployeesGet, "im.department.employees.get"
        at "chats/departments/im-department-employees-get"
    (id: [DepartmentId] = "ID") -> BTreeMap<String, Vec<answers::UserOrId>> {
        /// With who the people are, not only their ids. Default: no.
        user_data: yn = "USER_DATA",
    }
    errors [IdEmpty, AccessError];
}

namespace! {
    /// Who leads it: `im.department.managers.*`.
    DepartmentManagers, scope Some("im");

    /// Who leads departments, by the department's id.
    read get = DepartmentManagersGet, "im.department.managers.get"
        at "chats/departments/im-department-managers-get"
    (id: [DepartmentId] = "ID") -> BTreeMap<String, Vec<answers::UserOrId>> {
        /// With who the people are, not only their ids. Default: no.
        user_data: yn = "USER_DATA",
    }
    errors [IdEmpty, AccessError];
}
