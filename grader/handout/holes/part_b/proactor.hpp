    // STUDENT: Which handler belongs to which operation? What has been posted? Is it to stop?
