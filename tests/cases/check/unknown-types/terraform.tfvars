web_instance_type = "m5x.large"
instance_type     = "db.m5.xlrge"
title             = "m5.xlrge"
